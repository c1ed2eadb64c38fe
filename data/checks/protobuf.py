def answer():
    from google._upb import _message  # noqa: F401
    from google.protobuf import descriptor_pb2, json_format, struct_pb2, timestamp_pb2
    from google.protobuf.internal import api_implementation

    value = struct_pb2.Struct()
    value.update({"a": 1.5, "b": ["x", None, True], "c": {"d": "\u00e9"}})
    when = timestamp_pb2.Timestamp(seconds=-(2**40), nanos=7)
    field = descriptor_pb2.FieldDescriptorProto(name="f", number=2**28, label=1, type=5)
    raw = when.SerializeToString()
    assert timestamp_pb2.Timestamp.FromString(raw) == when
    return [api_implementation.Type(), value.SerializeToString(deterministic=True).hex(),
            raw.hex(), field.SerializeToString().hex(),
            json_format.MessageToJson(value, sort_keys=True)]
