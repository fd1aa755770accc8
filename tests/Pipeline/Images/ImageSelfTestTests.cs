using Nanodet.Serverless.Pipeline.Images;

namespace Nanodet.Serverless.Pipeline.Tests.Images;

public sealed class ImageSelfTestTests
{
    [Fact]
    public void Run_ThisMachine_Passes() => ImageSelfTest.Run();

    [Fact]
    public void Formats_AreAllThatAreAccepted() =>
        Assert.Equal(Enum.GetValues<ImageFormat>().Order(), ImageSelfTest.Formats.Order());
}
