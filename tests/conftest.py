"""What all tests share: properties have no time limit of their own, because the machines are noisy."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("suyuan", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suyuan")
