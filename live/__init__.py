"""Everything that can touch money. Empty until the order-book and daemon work lands; nothing trades from here yet."""
