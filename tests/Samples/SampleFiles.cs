using Nanodet.Checkpoints.Torch;
using Nanodet.Serverless.Checkpoints.Tests;
using Nanodet.Serverless.Checkpoints.Tests.Export;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Samples.Tests;

/// <summary>Small models and photos whose detections are known.</summary>
internal static class SampleFiles
{
    private static readonly Bgr Blue = new(255, 0, 0);

    /// <summary>Finds what is blue, and gives each side one stride of 8 pixels.</summary>
    public static byte[] Model { get; } = new OnnxTestModel { Strides = [8] }.Build();

    /// <summary>A photo of 96 x 64 pixels with one blue object, which the model sees at 24, 16.</summary>
    public static byte[] Photo { get; } = TestImages.Rectangle(96, 64, new Rect(20, 12, 8, 8), Blue);

    /// <summary>The config of a network of two classes.</summary>
    public static byte[] Config { get; } = TinyModel.PlusConfig();

    /// <summary>Its checkpoint, which is sure of the first class wherever it looks: the weights are procedural, the scores' biases are not.</summary>
    public static byte[] Checkpoint { get; } = CheckpointFile.Write([.. CheckpointFile.Tensors(Config).Select(SureOfTheFirst)]);

    private static TorchTensorData SureOfTheFirst(TorchTensorData tensor)
    {
        if (!tensor.Name.StartsWith("head.gfl_cls.", StringComparison.Ordinal) || !tensor.Name.EndsWith(".bias", StringComparison.Ordinal))
        {
            return tensor;
        }

        var biases = new float[tensor.Shape[0]];
        (biases[0], biases[1]) = (30, -30);
        return TorchTensorData.Float32(tensor.Name, tensor.Shape, biases);
    }
}
