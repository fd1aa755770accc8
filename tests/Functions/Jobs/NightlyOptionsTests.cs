using System.ComponentModel.DataAnnotations;
using Nanodet.Serverless.Functions.Jobs;

namespace Nanodet.Serverless.Functions.Tests.Jobs;

public sealed class NightlyOptionsTests
{
    [Theory]
    [InlineData("-1", true)]
    [InlineData("10", true)]
    [InlineData("5%", true)]
    [InlineData("often", false)]
    [InlineData("101%", false)]
    public void Validate_ErrorThreshold_IsReadAtStart(string threshold, bool isValid)
    {
        var options = new NightlyOptions { ErrorThreshold = threshold };

        Assert.Equal(isValid, Validator.TryValidateObject(options, new ValidationContext(options), [], validateAllProperties: true));
    }

    [Theory]
    [InlineData("cam1/", "**/*.{jpg,png}", true)]
    [InlineData("", null, true)]
    [InlineData("a\0", null, false)]
    [InlineData("", "*.{jpg", false)]
    [InlineData("", "img?.jpg", false)]
    public void Validate_PrefixAndFilter_AreReadAtStart(string prefix, string? filter, bool isValid)
    {
        var options = new NightlyOptions { Enabled = true, Prefix = prefix, Filter = filter };

        Assert.Equal(isValid, Validator.TryValidateObject(options, new ValidationContext(options), [], validateAllProperties: true));
    }
}
