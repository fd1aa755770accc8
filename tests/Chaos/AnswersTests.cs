using Nanodet.Serverless.Chaos.Tests.Running;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.Chaos.Tests;

/// <summary>Answers that are empty, or the same for every image, would compare nothing.</summary>
public sealed class AnswersTests
{
    [Fact]
    public void Of_ImagesOfARun_EachHasObjectsAndHardlyTwoTheSame()
    {
        using var answers = new Answers();

        var all = SampleImages.Good(50).Select(image => answers.Of(image.Bytes).Values.ToList()).ToList();

        Assert.All(all, models => Assert.All(models, Assert.NotEmpty));
        Assert.True(all.DistinctBy(models => string.Join(' ', models[0])).Count() >= 45);
    }
}
