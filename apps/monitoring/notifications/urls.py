"""Pages of channels, routes, escalations and silences."""

from django.urls import URLPattern, path

from apps.monitoring.notifications import channelpages, routepages, silencepages

urlpatterns: list[URLPattern] = [
    path("silences/", silencepages.silences, name="silences"),
    path("silences/new", silencepages.new_silence, name="new-silence"),
    path("silences/<int:silence_id>/", silencepages.silence, name="silence"),
    path("silences/<int:silence_id>/end", silencepages.end_silence, name="end-silence"),
    path("settings/channels/", channelpages.channels, name="channels"),
    path(
        "settings/channels/new/<slug:kind>",
        channelpages.new_channel,
        name="new-channel",
    ),
    path("settings/channels/<int:channel_id>/", channelpages.channel, name="channel"),
    path(
        "settings/channels/<int:channel_id>/test",
        channelpages.test_channel,
        name="test-channel",
    ),
    path(
        "settings/channels/<int:channel_id>/switch",
        channelpages.switch_channel,
        name="switch-channel",
    ),
    path(
        "settings/channels/<int:channel_id>/delete",
        channelpages.delete_channel,
        name="delete-channel",
    ),
    path("settings/deliveries/", channelpages.deliveries, name="deliveries"),
    path(
        "settings/deliveries/<int:delivery_id>/", channelpages.delivery, name="delivery"
    ),
    path(
        "settings/deliveries/<int:delivery_id>/again",
        channelpages.send_again,
        name="send-again",
    ),
    path("settings/routes/", routepages.routes, name="routes"),
    path("settings/routes/new", routepages.new_route, name="new-route"),
    path("settings/routes/<int:route_id>/", routepages.route, name="route"),
    path(
        "settings/routes/<int:route_id>/delete",
        routepages.delete_route,
        name="delete-route",
    ),
    path("settings/escalations/", routepages.escalations, name="escalations"),
    path("settings/escalations/new", routepages.new_escalation, name="new-escalation"),
    path(
        "settings/escalations/<int:policy_id>/",
        routepages.escalation,
        name="escalation",
    ),
    path(
        "settings/escalations/<int:policy_id>/delete",
        routepages.delete_escalation,
        name="delete-escalation",
    ),
]
