"""Settings of `keyart serve`. None of them changes a result."""

from __future__ import annotations

from .section import Section, setting


class ServeSettings(Section):
    """How the service answers."""

    address: str = setting(
        "127.0.0.1",
        "Where it answers; any other than this machine's loopback wants tokens (`keyart serve token`).",
        affects_result=False,
        min_length=1,
    )
    hosts: tuple[str, ...] = setting(
        (), "Names under which the service is reached, beside its address.", affects_result=False
    )
    secure: bool = setting(
        False, "It is reached by HTTPS, through a proxy: cookies go over nothing else.", affects_result=False
    )
    priority: int = setting(
        100, "Priority of new titles; those of `keyart backfill` have 0.", affects_result=False, ge=-999999, le=999999
    )
    worker_nice: int = setting(
        10, "How far workers step back behind the service (`nice`).", affects_result=False, ge=0, le=19
    )
    drain_s: float = setting(
        30.0, "What films in work get after SIGTERM before they go back.", unit="s", affects_result=False, ge=0
    )
    settle_s: float = setting(
        10.0,
        "A file in a watched folder is taken when its size and time stood still so long.",
        unit="s",
        affects_result=False,
        gt=0,
    )
    body_kib: int = setting(64, "Largest body of a request.", unit="KiB", affects_result=False, ge=1, le=1 << 20)
    rate_per_s: float = setting(
        500.0, "Requests a second from one client; 0 is without limit.", affects_result=False, ge=0
    )
    logins_per_minute: int = setting(
        10, "Logins, and wrong tokens, a minute from one address.", affects_result=False, ge=1
    )
    session_hours: float = setting(12.0, "How long a login lasts.", unit="hours", affects_result=False, gt=0)
    picture_processes: int = setting(
        2, "Processes that cut pictures for the review page.", affects_result=False, ge=1, le=64
    )
