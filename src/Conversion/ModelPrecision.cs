namespace Nanodet.Serverless.Conversion;

/// <summary>What a converted model computes in. Input and output are float32 in every case.</summary>
public enum ModelPrecision
{
    /// <summary>Single precision.</summary>
    Fp32,

    /// <summary>Half precision: for GPUs.</summary>
    Fp16,

    /// <summary>8 bits, with float32 for what is sensitive: for CPUs. Its ranges are measured on photos.</summary>
    Int8,
}
