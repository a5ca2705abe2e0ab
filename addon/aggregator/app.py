"""Puts the parts of the aggregator together."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from aggregator import damaged_files, limits
from aggregator.api import (
    export,
    health,
    levels,
    live,
    page,
    retention,
    search,
    settings,
    snapshots,
    stats,
    summary,
    understand,
)
from aggregator.api.responses import answer_errors, finish
from aggregator.config import Config
from aggregator.instance import read_or_make
from aggregator.intake import routes as intake_routes
from aggregator.intake.body_room import BodyRoom
from aggregator.metrics import routes as metrics_routes
from aggregator.metrics.host import UsageSampler
from aggregator.metrics.latest import LatestSamples
from aggregator.metrics.self_metrics import SelfMetrics
from aggregator.priority import stand_back
from aggregator.query.parse import parse
from aggregator.service_levels import ServiceLevels
from aggregator.settings import SettingsFile
from aggregator.sources.configured import configured
from aggregator.sources.pulled import PulledSources
from aggregator.state import STATE, State
from aggregator.store.embedded import EmbeddedStore, StoreEvents
from aggregator.store.files import SETTINGS_FILE
from aggregator.store.load.loaded import Loaded
from aggregator.store.news import News
from aggregator.tokens import Tokens

_INTAKE_THREADS = 2


def make_app(config: Config) -> web.Application:
    """Build the application; its parts start with it."""
    app = web.Application(
        middlewares=[page.protect, answer_errors, finish], client_max_size=limits.BODY_BYTES
    )
    app.cleanup_ctx.append(lambda app: _run_parts(app, config))
    for routes in (
        intake_routes,
        metrics_routes,
        search,
        summary,
        understand,
        export,
        live,
        stats,
        settings,
        levels,
        retention,
        snapshots,
        health,
        page,
    ):
        routes.add_routes(app)
    return app


async def _run_parts(app: web.Application, config: Config) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    news = News(loop)
    self_metrics = SelfMetrics()

    def on_loaded(loaded: Loaded) -> None:
        if loaded.duplicates:
            self_metrics.duplicates(loaded.duplicates)
        news.ring()

    def count_damaged_files() -> None:
        self_metrics.set_damaged_files(damaged_files.count(config.data))

    def open_parts() -> State:
        tokens = Tokens(config.data / "tokens")
        store = EmbeddedStore(
            config.data / "store",
            StoreEvents(
                loaded=on_loaded,
                synced=self_metrics.synced,
                damaged=self_metrics.damaged,
                set_aside=lambda _: count_damaged_files(),
            ),
        )
        state = State(
            instance_id=read_or_make(config.data / "id"),
            store=store,
            news=news,
            settings=SettingsFile(config.data / SETTINGS_FILE),
            levels=ServiceLevels(config.data / "service_levels.json"),
            tokens=tokens,
            latest=LatestSamples(),
            self_metrics=self_metrics,
            usage=UsageSampler(config.data),
            pulled=PulledSources(configured(config.pulled), store, self_metrics, config.data / "positions"),
            intake=ThreadPoolExecutor(_INTAKE_THREADS, "intake"),
            body_room=BodyRoom(),
            searches=ThreadPoolExecutor(
                limits.SEARCHES_AT_ONCE, "search", initializer=stand_back, initargs=(limits.READ_NICENESS,)
            ),
        )
        count_damaged_files()
        return state

    state = await loop.run_in_executor(None, open_parts)
    app[STATE] = state
    state.store.set_policy(state.settings.settings.policy)
    # The first search builds the parser, for which it would hold the event loop.
    state.searches.submit(parse, "")
    state.pulled.start()
    yield
    await loop.run_in_executor(None, state.pulled.stop)
    state.intake.shutdown()
    state.searches.shutdown()
    await loop.run_in_executor(None, state.store.close)
