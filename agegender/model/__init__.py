"""The network: layers, losses, costs, and the files it is kept in.

Nothing is imported here, so that reading an exported network needs no Keras.
"""
