"""What becomes of a process when another one, which it has started, comes to its end."""

from __future__ import annotations

from placet.core import walk
from placet.core.draft import Draft


def child_ended(draft: Draft, token: int, child: str, outcome: str, reason: str | None) -> bool:
    """Go on from the activity that waited for a child; False where the process has moved on since."""
    standing = draft.flow.tokens.get(token)
    if draft.process.life.is_over:
        return False
    if standing is None or standing.child != child:
        return _note_failed_child(draft, child, outcome, reason)
    if draft.flow.paused_at is not None:
        draft.flow.held.append({"token": token, "child": child, "outcome": outcome, "reason": reason})
        return True
    draft.record("process.child_ended", activity=standing.at, child=child, outcome=outcome)
    if outcome == "error":
        walk.fail(draft, token, f"process {child} failed" + (f": {reason}" if reason else ""))
    else:
        walk.leave(draft, token, "approved" if outcome == "approved" else "denied")
    return True


def _note_failed_child(draft: Draft, child: str, outcome: str, reason: str | None) -> bool:
    """Nobody waits for a child that was only started; that it failed is worth a comment all the same."""
    if outcome != "error":
        return False
    draft.comment(f"Process {child}, which this one started, failed" + (f": {reason}" if reason else "."))
    draft.record("process.child_ended", child=child, outcome=outcome)
    return True
