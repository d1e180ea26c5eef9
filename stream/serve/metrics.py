"""The metrics of requests and of reviews, beside those of the workers (`stream.backfill.run_metrics`)."""

from __future__ import annotations

from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ..backfill.states import TroubleKind

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_DECIDED_SECONDS = (5, 15, 30, 60, 120, 300, 900, 3600)
RANKS = tuple(str(rank) for rank in range(1, 11))
"""Ranks with a series of their own; all others are `other`."""


class ServeMetrics:
    """Of one service. No path and no id is a label: routes go by their templates."""

    def __init__(self, registry: CollectorRegistry) -> None:
        route = ["method", "route"]
        self.requests = Counter(
            "keyart_http_requests_total", "Requests that were answered.", [*route, "status"], registry=registry
        )
        self.seconds = Histogram(
            "keyart_http_request_seconds", "Seconds to the answer.", route, buckets=_SECONDS, registry=registry
        )
        self.pictures = Histogram(
            "keyart_picture_seconds", "Seconds to a picture of the review page.", ["kind"], buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip
        self.approved = Counter(
            "keyart_approved_images_total", "Approved images by the rank they had; none: another frame.", ["rank"],
            registry=registry,
        )  # fmt: skip
        self.reviews = Counter("keyart_reviews_total", "Titles that editors decided.", ["decision"], registry=registry)
        self.decided = Histogram(
            "keyart_review_seconds", "Seconds from the opening of a title to its approval.",
            buckets=_DECIDED_SECONDS, registry=registry,
        )  # fmt: skip
        self.trouble = Gauge(
            "keyart_trouble_active", "Whether something keeps work waiting now.", ["kind"], registry=registry
        )
        self.reloads = Counter(
            "keyart_settings_reloads_total", "Times that settings were to be read anew.", ["result"], registry=registry
        )
        self.listeners = Gauge("keyart_event_listeners", "Clients that listen to events.", registry=registry)
        for kind in (*get_args(TroubleKind), "paused"):
            self.trouble.labels(kind)
        for rank in (*RANKS, "other", "none"):
            self.approved.labels(rank)
        for result in ("done", "refused"):
            self.reloads.labels(result)
        for decision in ("approved", "rejected"):
            self.reviews.labels(decision)
        for kind in ("frame", "crop", "thumbnail", "neighbours", "spread"):
            self.pictures.labels(kind)
