"""papers/wybo2022/fig2"""
