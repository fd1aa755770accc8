namespace Nanodet.Checkpoints.Torch;

/// <summary>Sizes and PyTorch's names of the element types.</summary>
internal static class TorchDTypes
{
    /// <summary>The storage classes of PyTorch, by the name that a pickle uses in the module <c>torch</c>.</summary>
    public static IReadOnlyDictionary<string, TorchDType> StorageClasses { get; } = new Dictionary<string, TorchDType>
    {
        ["FloatStorage"] = TorchDType.Float32,
        ["HalfStorage"] = TorchDType.Float16,
        ["BFloat16Storage"] = TorchDType.BFloat16,
        ["DoubleStorage"] = TorchDType.Float64,
        ["LongStorage"] = TorchDType.Int64,
        ["IntStorage"] = TorchDType.Int32,
        ["ShortStorage"] = TorchDType.Int16,
        ["CharStorage"] = TorchDType.Int8,
        ["ByteStorage"] = TorchDType.UInt8,
        ["BoolStorage"] = TorchDType.Bool,
    };

    /// <summary>Bytes of one element.</summary>
    public static int ByteSize(this TorchDType type) => type switch
    {
        TorchDType.Float64 or TorchDType.Int64 => 8,
        TorchDType.Float32 or TorchDType.Int32 => 4,
        TorchDType.Float16 or TorchDType.BFloat16 or TorchDType.Int16 => 2,
        _ => 1,
    };
}
