using Nanodet.Detection.Description;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Serverless.Detection.Tests.Preprocessing;

/// <summary>Normalised values that vectors compute have to be the table's own, to the last bit, or the table is read.</summary>
public sealed class NormalizationTableTests
{
    /// <summary>What all official configs have, and others use often: these must not miss the fast way.</summary>
    [Theory]
    [InlineData(103.53, 57.375)]
    [InlineData(116.28, 57.12)]
    [InlineData(123.675, 58.395)]
    [InlineData(0, 1)]
    [InlineData(0, 255)]
    [InlineData(127.5, 127.5)]
    [InlineData(127.5, 128)]
    public void Affine_UsualNormalization_GivesEveryFloatOfTheTable(double mean, double deviation)
    {
        var table = Table(mean, deviation);

        Assert.True(table.IsAffine);
        for (var value = 0; value < NormalizationTable.Values; value++)
        {
            Assert.Equal((float)((value - mean) / deviation), table.Affine(0).Normalize(value));
        }
    }

    /// <summary>A mean that a value minus it cannot hold: some floats would differ.</summary>
    [Fact]
    public void IsAffine_AFloatThatDiffers_IsFalse() => Assert.False(Table(1e7 + 0.3, 0.1).IsAffine);

    private static NormalizationTable Table(double mean, double deviation) =>
        new(PreprocessorTests.Model(new ModelInput(8, 8, KeepRatio: false)) with
        {
            Mean = [mean, mean, mean],
            Std = [deviation, deviation, deviation],
        });
}
