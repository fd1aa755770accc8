namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What an exported model computes in.</summary>
internal enum Precision
{
    /// <summary>Single precision.</summary>
    Fp32,

    /// <summary>Half precision; input and output are float32.</summary>
    Fp16,

    /// <summary>8 bits, with float32 for what is sensitive; input and output are float32.</summary>
    Int8,
}
