"""Market and user streams: subscriptions, frames and publishing."""
