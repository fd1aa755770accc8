using Nanodet.Detection.Annotation;
using Nanodet.Detection.Images;

namespace Nanodet.Serverless.Detection.Tests.Annotation;

public sealed class ImageSelfTestTests
{
    [Fact]
    public void Run_ThisMachine_Passes() => ImageSelfTest.Run();

    [Fact]
    public void Formats_AreAllThatAreAccepted() =>
        Assert.Equal(Enum.GetValues<ImageFormat>().Order(), ImageSelfTest.Formats.Order());
}
