using System.Security.Cryptography;
using System.Text.Json;
using Azure.Storage.Blobs;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>The tiny model of these tests: "red", "green" and "blue" where the pixels are so.</summary>
internal static class TestModel
{
    private static readonly OnnxTestModel Plain = new() { Name = "test-plus", Strides = [8, 16] };

    /// <summary>The model with the parity fixture of its own.</summary>
    public static byte[] Good { get; } = WithParity(Plain, Plain);

    /// <summary>Another good model: its scores differ.</summary>
    public static byte[] Other { get; } = WithParity(Plain with { Gain = 30, Bias = -15 }, Plain with { Gain = 30, Bias = -15 });

    /// <summary>A model that loads and runs, and fails its parity fixture.</summary>
    public static byte[] Differing { get; } = WithParity(Plain with { Gain = 7, Bias = -1 }, Plain);

    public static Task PublishAsync(this Deployment deployment, byte[] model, string version, string? sha256 = null) =>
        PublishAsync(deployment.Blobs.GetBlobContainerClient("models"), model, version, sha256);

    public static async Task PublishAsync(BlobContainerClient models, byte[] model, string version, string? sha256 = null)
    {
        var blob = $"test-plus/{version}/model.onnx";
        await models.GetBlobClient(blob).UploadAsync(BinaryData.FromBytes(model), overwrite: true);
        var pointer = new ModelPointer("test-plus", version, sha256 ?? Convert.ToHexStringLower(SHA256.HashData(model)), blob);
        await models.GetBlobClient("current.json").UploadAsync(
            BinaryData.FromString(JsonSerializer.Serialize(pointer, JsonSerializerOptions.Web)), overwrite: true);
    }

    private static byte[] WithParity(OnnxTestModel model, OnnxTestModel parity) =>
        (model with { Metadata = new Dictionary<string, string?> { ["nanodet.parity"] = ParityFixture.Compute(parity.Build()) } }).Build();
}
