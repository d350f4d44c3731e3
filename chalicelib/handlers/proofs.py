"""The reporter's proof that a report was filed, and what became of it."""

from chalicelib import wiring
from chalicelib.handlers.ledger_views import ProofView
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services.ledger_proofs import prove_report

routes = Routes("Reports", Access.RECEIPT)


@routes.get("/v1/reports/{report_id}/proof", returns=ProofView)
def get_proof(call: Call) -> Response:
    """Get the proof that your report was filed.

    Returns the inputs of all leaves of the report, their audit paths and the signed heads. The
    first leaves are in a head up to two hours after the report was created; until then nothing can
    be proved. The proof can be had for a year after the report was deleted, too.
    """
    proof = prove_report(
        call.receipt,
        call.path["report_id"],
        identity=wiring.identity(),
        reports=wiring.reports(),
        heads=wiring.ledger_heads(),
        now=call.now,
    )
    return Response(ProofView.of_proof(proof))
