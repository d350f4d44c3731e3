"""The Chalice app: what is served is said in `chalicelib/handlers/`."""

from chalice.app import Chalice

from chalicelib.handlers import (
    audit_events,
    auth,
    bulletins,
    casework,
    catalogue,
    catalogue_admin,
    docs,
    holds,
    media_events,
    messages,
    notices,
    officers,
    publishing,
    reports,
    schedules,
    statistics,
    subscriptions,
)

app = Chalice(app_name="tipline", configure_logs=False)
for module in (
    auth,
    catalogue,
    reports,
    casework,
    messages,
    officers,
    holds,
    statistics,
    subscriptions,
    bulletins,
    publishing,
    catalogue_admin,
    docs,
    media_events,
    notices,
    schedules,
    audit_events,
):
    app.register_blueprint(module.bp)
