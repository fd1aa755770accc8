using System.Security.Cryptography;
using System.Text.Json;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests;

/// <summary>A small real model with a parity fixture, and an image in which it finds something.</summary>
internal static class TestModel
{
    /// <summary>The training config of the test model, for a file of it that does not describe itself.</summary>
    public const string ForeignConfig = """
        model:
          arch:
            head: { name: NanoDetPlusHead, num_classes: 3, strides: [8, 16, 32, 64], reg_max: 7 }
        data:
          val:
            input_size: [96, 64]
            keep_ratio: False
            pipeline:
              normalize: [[0, 0, 0], [255, 255, 255]]
        class_names: ['blue', 'green', 'red']
        """;

    public static byte[] Bytes { get; } = Build(new OnnxTestModel());

    public static string Sha256 { get; } = Hash(Bytes);

    /// <summary>A red rectangle on black.</summary>
    public static byte[] Image { get; } = TestImages.Rectangle(96, 64, new Rect(16, 16, 48, 32), new Bgr(0, 0, 255));

    public static byte[] Build(OnnxTestModel model) => (model with
    {
        Metadata = new Dictionary<string, string?> { ["nanodet.parity"] = ParityFixture.Compute(model.Build()) },
    }).Build();

    public static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static byte[] Pointer(string sha256, string blob, string version = "v1") => JsonSerializer.SerializeToUtf8Bytes(
        new ModelPointer("test-plus", version, sha256, blob), RegistryJson.Default.ModelPointer);
}
