namespace Nanodet.Checkpoints.Quantization;

/// <summary>A float32 model that also puts out every activation that is asked about.</summary>
/// <param name="Onnx">The bytes of the ONNX file.</param>
/// <param name="Tensors">The activations whose ranges are needed.</param>
/// <param name="ConvolutionInputs">
/// The activations that a quantised convolution reads; means of their channels correct what rounding the weights does to its outputs.
/// </param>
public sealed record ObservedModel(byte[] Onnx, IReadOnlyList<ObservedTensor> Tensors, IReadOnlyList<string> ConvolutionInputs);
