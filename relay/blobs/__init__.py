"""The blob store: encrypted objects under random names. It sees no plain byte and knows no format.

    interface   what every store can do
    folder      a folder on a disk

Everything here blocks: call it from a thread.
"""
