"""What the routes share."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from aiohttp import web

from aggregator.intake.body_room import BodyRoom
from aggregator.metrics.host import UsageSampler
from aggregator.metrics.latest import LatestSamples
from aggregator.metrics.self_metrics import SelfMetrics
from aggregator.service_levels import ServiceLevels
from aggregator.settings import SettingsFile
from aggregator.sources.pulled import PulledSources
from aggregator.store.news import News
from aggregator.store.protocol import Store
from aggregator.tokens import Tokens


@dataclass(frozen=True, slots=True)
class State:
    """The parts of a running aggregator.

    Args:
        instance_id: tells this aggregator from others, whatever its address; 32 hex digits.
        store: log records.
        news: wakes live tails when records were stored.
        settings: what people change.
        levels: which lines they want of each service.
        tokens: who may do what.
        latest: latest sample of each metric.
        self_metrics: the aggregator's own metrics.
        usage: load of the machine.
        pulled: sources that the aggregator reads by itself.
        intake: threads that decompress and decode.
        body_room: bounds what bodies of lines take until then.
        searches: threads that search.
    """

    instance_id: str
    store: Store
    news: News
    settings: SettingsFile
    levels: ServiceLevels
    tokens: Tokens
    latest: LatestSamples
    self_metrics: SelfMetrics
    usage: UsageSampler
    pulled: PulledSources
    intake: ThreadPoolExecutor
    body_room: BodyRoom
    searches: ThreadPoolExecutor


STATE = web.AppKey("state", State)
