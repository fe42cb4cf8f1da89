"""The blob store: encrypted objects under random names. It never sees a plain byte, and knows nothing of their format.

    interface   what every store can do
    folder      a folder on a disk

Everything here blocks: call it from a thread.
"""
