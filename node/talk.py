"""Logging: one JSON object a line on stderr. Payloads, keys and tokens are never logged, only ids and counts."""

from __future__ import annotations

import logging
import sys

import structlog


def set_up(process: str, level: str) -> structlog.typing.FilteringBoundLogger:
    """Configure logging for this process and return its logger."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger().bind(process=process)
    return logger
