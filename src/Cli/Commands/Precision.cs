namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What an exported model computes in.</summary>
internal enum Precision
{
    /// <summary>Single precision.</summary>
    Fp32,

    /// <summary>Half precision; input and output are float32.</summary>
    Fp16,
}
