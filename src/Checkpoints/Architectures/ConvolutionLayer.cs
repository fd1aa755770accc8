using Nanodet.Checkpoints.Architectures.Modules;

namespace Nanodet.Checkpoints.Architectures;

/// <summary>A square convolution and the batch normalisation behind it.</summary>
/// <param name="Name">The convolution's name in the state dict, without <c>.weight</c>.</param>
/// <param name="OutChannels">Number of output channels.</param>
/// <param name="Kernel">Side of the kernel.</param>
internal sealed record ConvolutionLayer(string Name, int OutChannels, int Kernel)
{
    /// <summary>Step of the kernel.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Zeros on each side.</summary>
    public int Padding { get; init; }

    /// <summary>Number of channel groups; as many as channels for a depthwise convolution.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Whether the convolution has a bias of its own.</summary>
    public bool Bias { get; init; }

    /// <summary>The normalisation behind it, or null.</summary>
    public Normalization? Norm { get; init; }

    /// <summary>The normalisation's name in the state dict.</summary>
    public string? NormName { get; init; }

    /// <summary>
    /// Where the weights are not in the state dict under <see cref="Name"/> but made of several layers: gives weight and bias for a
    /// number of input channels.
    /// </summary>
    public Func<int, (float[] Weight, float[] Bias)>? Fused { get; init; }
}
