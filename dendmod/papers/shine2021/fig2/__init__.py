"""papers/shine2021/fig2"""
