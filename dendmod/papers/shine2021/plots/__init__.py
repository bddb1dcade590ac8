"""papers/shine2021/plots"""
