from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, path

from apps.discovery import people, views
from apps.discovery.inventory.urls import urlpatterns as inventory

urlpatterns: list[URLPattern] = [
    *inventory,
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/new", views.new_account, name="new-account"),
    path("accounts/<str:number>/", views.account, name="account"),
    path("accounts/<str:number>/check", views.check_account, name="check-account"),
    path(
        "sign-in/",
        login_not_required(
            LoginView.as_view(
                template_name="people/sign_in.html", redirect_authenticated_user=True
            )
        ),
        name="sign-in",
    ),
    path("sign-in/<str:token>/", people.sign_in_by_link, name="sign-in-link"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("settings/", people.settings_page, name="settings"),
    path("settings/password", people.change_password, name="change-password"),
    path("settings/tokens", people.new_token, name="new-token"),
    path(
        "settings/tokens/<str:digest>/revoke", people.revoke_token, name="revoke-token"
    ),
    path("settings/people/", people.people, name="people"),
    path("settings/people/new", people.new_person, name="new-person"),
    path("settings/people/<int:user_id>/link", people.new_link, name="new-link"),
    path("settings/people/<int:user_id>/grant", people.grant, name="grant"),
    path(
        "settings/people/<int:user_id>/switch",
        people.switch_person,
        name="switch-person",
    ),
    path("settings/grants/<int:grant_id>/remove", people.ungrant, name="ungrant"),
]
