"""The Chalice app: what is served is said in `chalicelib/handlers/`."""

from chalice.app import Chalice

from chalicelib.handlers import (
    audit_events,
    auth,
    bulletins,
    casework,
    catalogue,
    docs,
    holds,
    media_events,
    notices,
    officers,
    publishing,
    remarks,
    reports,
    schedules,
    statistics,
    steering,
    subscriptions,
)

app = Chalice(app_name="tipline", configure_logs=False)
for module in (
    auth,
    catalogue,
    reports,
    casework,
    remarks,
    officers,
    holds,
    statistics,
    subscriptions,
    bulletins,
    publishing,
    steering,
    docs,
    media_events,
    notices,
    schedules,
    audit_events,
):
    app.register_blueprint(module.bp)
