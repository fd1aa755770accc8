using System.Text;
using System.Text.Json;
using Nanodet.Serverless.Functions.Images;

namespace Nanodet.Serverless.Functions.Tests.Images;

public sealed class PoisonedBlobTests
{
    [Fact]
    public void Read_MessageOfTheBlobTrigger_NamesTheBlob()
    {
        var blob = PoisonedBlob.Read("""
            { "Type": "BlobTrigger", "FunctionId": "Host.Functions.ImageUploaded", "BlobType": "BlockBlob", "ContainerName": "images",
              "BlobName": "cam1/0001.jpg", "ETag": "\"0x8D\"" }
            """u8.ToArray());

        Assert.Equal(new PoisonedBlob("images", "cam1/0001.jpg", "\"0x8D\""), blob);
    }

    [Fact]
    public void Read_Base64_IsTaken() => Assert.Equal(
        new PoisonedBlob("images", "a", null),
        PoisonedBlob.Read(Encoding.UTF8.GetBytes(Convert.ToBase64String("""{ "ContainerName": "images", "BlobName": "a" }"""u8))));

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("no json")]
    public void Read_AnythingElse_Throws(string text) =>
        Assert.ThrowsAny<JsonException>(() => PoisonedBlob.Read(Encoding.UTF8.GetBytes(text)));
}
