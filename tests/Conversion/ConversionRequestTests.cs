using System.Text;
using Nanodet.Detection.Forms;

namespace Nanodet.Serverless.Conversion.Tests;

/// <summary>What a training config asks for.</summary>
public sealed class ConversionRequestTests
{
    [Theory]
    [InlineData("model: {}", null, null)]
    [InlineData("model: {}\nconversion: ~", null, null)]
    [InlineData("conversion: {precision: fp16}", ModelPrecision.Fp16, null)]
    [InlineData("conversion:\n  precision: INT8\n  calibration: images/calibration/", ModelPrecision.Int8, "images/calibration/")]
    [InlineData("conversion: {calibration: images/a}", null, "images/a")]
    public void Read_Section_SaysPrecisionAndPlace(string yaml, ModelPrecision? precision, string? calibration) =>
        Assert.Equal(new ConversionRequest(precision, calibration), ConversionRequest.Read(Encoding.UTF8.GetBytes(yaml)));

    [Fact]
    public void Read_Forms_AreThoseThatAreNamed() => Assert.Equal(
        [ModelForm.GpuFloat16, ModelForm.CpuInt8],
        ConversionRequest.Read("conversion: {forms: [gpu-fp16, CPU-INT8], calibration: images/a}"u8).Forms);

    [Theory]
    [InlineData("conversion: {forms: [cpu-fp8]}", "conversion.forms", "cpu-fp8")]
    [InlineData("conversion: {forms: [cpu-int8], precision: fp16}", "conversion.forms (line 1)", "both")]
    [InlineData("conversion: {forms: cpu-int8}", "conversion.forms (line 1)", "cpu-int8")]
    [InlineData("conversion: {precision: fp8}", "conversion.precision (line 1)", "fp8")]
    [InlineData("conversion: {precison: fp16}", "conversion (line 1)", "precison")]
    [InlineData("a: 1\nconversion: int8", "conversion (line 2)", "int8")]
    [InlineData("- a\n- list", "mapping", "config")]
    public void Read_SectionWithoutMeaning_NamesThePlaceAndWhatWasFound(string yaml, string place, string found)
    {
        var exception = Assert.Throws<ConversionException>(() => ConversionRequest.Read(Encoding.UTF8.GetBytes(yaml)));

        Assert.Equal(ConversionErrorCodes.InvalidConfig, exception.Code);
        Assert.Contains(place, exception.Message, StringComparison.Ordinal);
        Assert.Contains(found, exception.Message, StringComparison.Ordinal);
    }
}
