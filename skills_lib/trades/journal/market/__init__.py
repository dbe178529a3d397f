"""Blocks of book and mark updates: the mass of a journal, packed into one record each.

The body of such a record:

    {"rows":3,"shapes":[["book","BTCUSDT",10,10,2],["mark","BTCUSDT",0,0,1]],"data":"eJz…"}

A shape is a kind, a symbol, how many numbers the bids and the asks have (price and quantity of each level), and the
number of its rows. `data` is base64 of zlib of: one byte a row, the index of its shape, in the order in which the
updates came; then each shape's table, in the order of `shapes` (`columns.py`). A book's row: time_ns, event_ns,
update_id, usable, bids, asks; a mark's: time_ns, event_ns, price. All are integers of 64 bits.
"""
