"""API Gateway: moto's, and what moto has not."""

from sandbox.apigateway.service import ApiGateway

__all__ = ["ApiGateway"]
