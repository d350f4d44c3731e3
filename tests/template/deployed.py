"""A template as CloudFormation deploys it with some parameters: its conditions are decided."""

from typing import Any

Template = dict[str, Any]

_NO_VALUE = {"Ref": "AWS::NoValue"}
_PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "us-east-1"}


def deployed(template: Template, **parameters: str) -> dict[str, Any]:
    """Return the resources by logical id; a parameter that is not given has its default."""
    stack = Stack(template, parameters)
    return {
        name: stack.value(resource)
        for name, resource in template["Resources"].items()
        if stack.holds(resource.get("Condition"))
    }


class Stack:
    """A template whose choices are made."""

    def __init__(self, template: Template, parameters: dict[str, str]) -> None:
        defaults = {
            name: parameter["Default"]
            for name, parameter in template["Parameters"].items()
            if "Default" in parameter
        }
        self.parameters: dict[str, Any] = _PSEUDO | defaults | parameters
        self.conditions: dict[str, Any] = template["Conditions"]

    def holds(self, condition: Any) -> bool:
        match condition:
            case None:
                return True
            case str() as name:
                return self.holds(self.conditions[name])
            case {"Condition": name}:
                return self.holds(self.conditions[name])
            case {"Fn::Not": [inner]}:
                return not self.holds(inner)
            case {"Fn::And": parts}:
                return all(map(self.holds, parts))
            case {"Fn::Or": parts}:
                return any(map(self.holds, parts))
            case {"Fn::Equals": [left, right]}:
                return str(self.value(left)) == str(self.value(right))
        raise ValueError(f"no condition of CloudFormation: {condition}")

    def value(self, node: Any) -> Any:
        """Return a value with its choices made, and the parameters in place of their names."""
        match node:
            case {"Fn::If": [condition, then, otherwise]}:
                return self.value(then if self.holds(condition) else otherwise)
            case {"Ref": str() as name} if name in self.parameters:
                return self.parameters[name]
            case {"Fn::Join": [separator, {"Ref": name}]} if name in self.parameters:
                return str(self.parameters[name]).replace(",", separator)
            case dict():
                decided = {name: self.value(value) for name, value in node.items()}
                return {name: value for name, value in decided.items() if value != _NO_VALUE}
            case list():
                return [value for value in map(self.value, node) if value != _NO_VALUE]
        return node
