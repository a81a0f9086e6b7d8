"""REST: who one is, and the accounts one may see."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.accounts import visible_to
from apps.discovery.models import Account
from apps.discovery.permissions import person
from apps.discovery.roles import Role


class MeView(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT, summary="Who the token belongs to")
    def get(self, request: Request) -> Response:
        user = person(request)
        rights = user.rights
        return Response(
            {
                "name": user.get_username(),
                "role": rights.everywhere and Role(rights.everywhere).name.lower(),
                "roles": {
                    account: role.name.lower()
                    for account, role in rights.by_account.items()
                },
            }
        )


class AccountsView(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT, summary="Accounts one may see")
    def get(self, request: Request) -> Response:
        return Response({"items": [_item(one) for one in visible_to(person(request))]})


def _item(account: Account) -> dict[str, object]:
    return {
        "number": account.number,
        "name": account.name,
        "partition": account.partition,
        "connected": account.is_connected,
        "problem": account.problem or None,
    }
