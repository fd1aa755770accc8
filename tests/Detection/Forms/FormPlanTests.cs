using Nanodet.Detection.Description;
using Nanodet.Detection.Forms;

namespace Nanodet.Serverless.Detection.Tests.Forms;

public sealed class FormPlanTests
{
    [Theory]
    [InlineData(false, PrecisionChoice.Auto, "cpu-fp32,cpu-int8")]
    [InlineData(false, PrecisionChoice.Float32, "cpu-fp32")]
    [InlineData(false, PrecisionChoice.Float16, "gpu-fp16")]
    [InlineData(false, PrecisionChoice.Int8, "cpu-int8")]
    [InlineData(true, PrecisionChoice.Auto, "gpu-fp16")]
    [InlineData(true, PrecisionChoice.Float32, "gpu-fp32")]
    [InlineData(true, PrecisionChoice.Float16, "gpu-fp16")]
    [InlineData(true, PrecisionChoice.Int8, "cpu-int8")]
    public void Candidates_EveryFormThere_AreThoseOfTheProviderAndTheSetting(bool isOnGpu, PrecisionChoice wanted, string expected) =>
        Assert.Equal(expected, Join(FormPlan.Candidates(Manifest([.. Enum.GetValues<ModelForm>()]), isOnGpu, wanted)));

    [Theory]
    [InlineData("cpu-fp32,gpu-fp32", "gpu-fp32")]
    [InlineData("cpu-fp32,cpu-int8", "cpu-fp32")]
    public void Candidates_OnAGpuWithoutFloat16_NeverAreOfEightBits(string there, string expected) =>
        Assert.Equal(expected, Join(FormPlan.Candidates(Manifest(Forms(there)), isOnGpu: true, PrecisionChoice.Auto)));

    [Theory]
    [InlineData("cpu-fp32", false, PrecisionChoice.Int8)]
    [InlineData("cpu-fp32,cpu-int8", true, PrecisionChoice.Float16)]
    public void Candidates_FormThatIsNotThere_IsRefusedByName(string there, bool isOnGpu, PrecisionChoice wanted)
    {
        var exception = Assert.Throws<ModelLoadException>(() => FormPlan.Candidates(Manifest(Forms(there)), isOnGpu, wanted));

        Assert.Equal(ModelErrorCodes.PrecisionUnavailable, exception.Code);
        Assert.Contains(there.Replace(",", ", ", StringComparison.Ordinal), exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, true, PrecisionChoice.Auto, "cpu-fp32,gpu-fp16,cpu-int8")]
    [InlineData(true, false, PrecisionChoice.Auto, "cpu-fp32,gpu-fp16")]
    [InlineData(false, true, PrecisionChoice.Float32, "cpu-fp32")]
    public void Needed_ByWhatTheSettingsAllow_IsNoMore(bool mayBeGpu, bool mayBeCpu, PrecisionChoice wanted, string expected) =>
        Assert.Equal(expected, Join(FormPlan.Needed(Manifest([.. Enum.GetValues<ModelForm>()]), mayBeGpu, mayBeCpu, wanted)));

    internal static FormManifest Manifest(params IEnumerable<ModelForm> forms) =>
        new(forms.Select(form => new FormEntry(form, new string((char)('0' + (int)form), 64), 1 + (int)form)));

    private static IEnumerable<ModelForm> Forms(string names) => names.Split(',').Select(name => FormNames.Find(name)!.Value);

    private static string Join(IEnumerable<ModelForm> forms) => string.Join(',', forms.Select(FormNames.Of));
}
