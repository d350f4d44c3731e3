"""The Chalice app: what is served is said in `chalicelib/handlers/`."""

from chalice.app import Chalice

from chalicelib.handlers import auth, casework, catalogue, docs, media_events, notices, reports, schedules

app = Chalice(app_name="tipline", configure_logs=False)
for module in (auth, catalogue, reports, casework, docs, media_events, notices, schedules):
    app.register_blueprint(module.bp)
