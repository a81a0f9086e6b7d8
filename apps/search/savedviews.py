"""Saved views: a name for the URL of a search."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.search.models import SavedView
from apps.search.results import kind_of
from apps.search.viewers import viewer_of


def views_for(request: HttpRequest, kind_name: str) -> list[SavedView]:
    """One's own views and those that others share."""
    mine = SavedView.objects.filter(owner=viewer_of(request).pk, kind=kind_name)
    shared = SavedView.objects.filter(is_shared=True, kind=kind_name)
    return list((mine | shared).distinct().select_related("owner"))


def keep(request: HttpRequest, kind_name: str) -> str:
    """Save the parameters of a page under a name; the same name is replaced."""
    name = request.POST.get("name", "").strip()[:100]
    parameters = request.POST.get("parameters", "").lstrip("?")[:8_000]
    if name:
        SavedView.objects.update_or_create(
            owner_id=viewer_of(request).pk,
            kind=kind_name,
            name=name,
            defaults={
                "parameters": parameters,
                "is_shared": request.POST.get("shared") == "on",
            },
        )
        messages.success(request, f"Saved the view {name!r}.")
    else:
        messages.error(request, "A view needs a name.")
    return parameters


def remove(request: HttpRequest, view_id: int) -> SavedView:
    """Delete one of one's own views."""
    view = SavedView.objects.filter(pk=view_id, owner=viewer_of(request).pk).first()
    if view is None:
        raise Http404("There is no such view of yours.")
    view.delete()
    messages.success(request, f"Deleted the view {view.name!r}.")
    return view


@require_POST
def save(request: HttpRequest, kind_name: str) -> HttpResponse:
    kind = kind_of(kind_name)
    parameters = keep(request, kind.name)
    return HttpResponseRedirect(f"{reverse('explore', args=[kind.name])}?{parameters}")


@require_POST
def delete(request: HttpRequest, view_id: int) -> HttpResponse:
    view = remove(request, view_id)
    return HttpResponseRedirect(reverse("explore", args=[view.kind]))
