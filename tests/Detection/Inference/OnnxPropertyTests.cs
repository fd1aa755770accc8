using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class OnnxPropertyTests
{
    [Fact]
    public void Find_EachShortProperty_IsWhatASessionReads()
    {
        var onnx = new OnnxTestModel().Build();
        using var model = NanodetModel.Load(onnx, new ModelOptions { Provider = ExecutionProvider.Cpu });

        Assert.Equal(model.Description.Name, OnnxProperty.Find(onnx, "nanodet.name"));
        Assert.Null(OnnxProperty.Find(onnx, "nanodet.nothing"));
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x0A, 1, (byte)'a', 0x12 })]
    [InlineData(new byte[] { 0x0A, 1, (byte)'a', 0x12, 5, 1 })]
    [InlineData(new byte[] { 0x0A, 1, (byte)'a', 0x12, 0x80, 1 })]
    public void Find_FileThatEndsOrIsNone_IsNull(byte[] file) => Assert.Null(OnnxProperty.Find(file, "a"));
}
