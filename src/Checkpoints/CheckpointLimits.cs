namespace Nanodet.Checkpoints;

/// <summary>
/// What a checkpoint may claim before it is refused. The largest official NanoDet checkpoint has 1,908 archive records and a pickle
/// of under 300 kB; the limits leave room for larger training states and none for bombs.
/// </summary>
internal static class CheckpointLimits
{
    /// <summary>Bytes of the whole file.</summary>
    public const long FileBytes = 1L << 30;

    /// <summary>Records of the archive.</summary>
    public const int Records = 20_000;

    /// <summary>Bytes of the pickle.</summary>
    public const int PickleBytes = 16 << 20;

    /// <summary>Opcodes of the pickle: each makes at most one small object.</summary>
    public const int PickleOpcodes = 1_000_000;

    /// <summary>Open marks of the pickle: how deep containers nest.</summary>
    public const int PickleDepth = 64;

    /// <summary>Elements of one tensor. The largest NanoDet tensor has about 2.4 million.</summary>
    public const long TensorElements = 1L << 27;

    /// <summary>Dimensions of one tensor.</summary>
    public const int TensorRank = 8;

    /// <summary>Weights of a network that a config may describe, together. The largest official one has 7.4 million.</summary>
    public const long NetworkElements = 1L << 27;

    /// <summary>Tensors of a network that a config may describe.</summary>
    public const int NetworkTensors = 20_000;

    /// <summary>Bytes of a config file.</summary>
    public const int ConfigBytes = 1 << 20;

    /// <summary>How deep a config nests.</summary>
    public const int ConfigDepth = 32;

    /// <summary>Uses of YAML aliases in a config; the official ones have three.</summary>
    public const int ConfigAliases = 32;
}
