namespace Nanodet.Serverless.Checkpoints.Quantization;

/// <summary>A float32 model that also puts out every activation whose range is asked for.</summary>
/// <param name="Onnx">The bytes of the ONNX file.</param>
/// <param name="Tensors">The activations.</param>
public sealed record ObservedModel(byte[] Onnx, IReadOnlyList<ObservedTensor> Tensors);
