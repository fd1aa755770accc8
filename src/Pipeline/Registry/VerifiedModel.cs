using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Pipeline.Registry;

/// <summary>A model that was loaded as a worker would, and gave the answers of its parity fixture: it may be published.</summary>
public sealed class VerifiedModel
{
    internal VerifiedModel(byte[] onnx, byte[]? config, ModelPointer pointer, ParityResult parity)
    {
        Onnx = onnx;
        Config = config;
        Pointer = pointer;
        Parity = parity;
    }

    /// <summary>What the pointer will say.</summary>
    public ModelPointer Pointer { get; }

    /// <summary>What the replay of the fixture showed.</summary>
    public ParityResult Parity { get; }

    internal byte[] Onnx { get; }

    internal byte[]? Config { get; }
}
