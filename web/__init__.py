"""The dispatcher's screen: pages, one live stream, the browser phone's credentials.

A request passes `guard` (host, size, origin, headers), then the route's `allow(…)` (who may), then one transaction of
`crm`, then a template. The pages know three doors of the workers: `workers.queues`, `workers.feed`, `workers.settings`.
"""
