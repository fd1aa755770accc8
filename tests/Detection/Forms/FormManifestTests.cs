using System.Text;
using Nanodet.Detection.Description;
using Nanodet.Detection.Forms;

namespace Nanodet.Serverless.Detection.Tests.Forms;

public sealed class FormManifestTests
{
    [Fact]
    public void Parse_WhatWasWritten_IsTheSame()
    {
        var manifest = FormPlanTests.Manifest(ModelForm.GpuFloat16, ModelForm.CpuFloat32);

        var back = FormManifest.Parse(manifest.ToUtf8Json(), "here");

        Assert.Equal(manifest.Forms, back.Forms);
        Assert.Equal([ModelForm.CpuFloat32, ModelForm.GpuFloat16], back.Forms.Select(entry => entry.Form));
        Assert.Equal(manifest.ToUtf8Json(), back.ToUtf8Json());
        Assert.Contains("\"form\": \"gpu-fp16\"", Encoding.UTF8.GetString(manifest.ToUtf8Json()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("null")]
    [InlineData("""{ "schemaVersion": 2, "forms": [{ "form": "cpu-fp32", "sha256": "@", "bytes": 1 }] }""")]
    [InlineData("""{ "schemaVersion": 1, "forms": [] }""")]
    [InlineData("""{ "schemaVersion": 1, "forms": [null] }""")]
    [InlineData("""{ "schemaVersion": 1 }""")]
    [InlineData("""{ "schemaVersion": 1, "forms": [{ "form": "cpu-int8", "sha256": "@", "bytes": 1 }] }""")]
    [InlineData("""{ "schemaVersion": 1, "forms": [{ "form": "tpu", "sha256": "@", "bytes": 1 }] }""")]
    [InlineData("""{ "schemaVersion": 1, "forms": [{ "form": "cpu-fp32", "sha256": "@", "bytes": 0 }] }""")]
    [InlineData("""{ "schemaVersion": 1, "forms": [{ "form": "cpu-fp32", "sha256": "ab", "bytes": 1 }] }""")]
    [InlineData("""{ "schemaVersion": 1, "forms": [{ "form": "cpu-fp32", "bytes": 1 }] }""")]
    [InlineData("""{ "schemaVersion": 1, "forms": [{ "form": "cpu-fp32", "sha256": "@", "bytes": 1 }, { "form": "cpu-fp32", "sha256": "@", "bytes": 1 }] }""")]
    public void Parse_NoManifest_ViolatesTheContractAndSaysWhere(string text)
    {
        var json = Encoding.UTF8.GetBytes(text.Replace("@", new string('a', 64), StringComparison.Ordinal));

        var exception = Assert.Throws<ModelLoadException>(() => FormManifest.Parse(json, "models/x.forms.json"));

        Assert.Equal(ModelErrorCodes.ContractViolated, exception.Code);
        Assert.StartsWith("models/x.forms.json: expected", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FileOf_EachForm_IsASiblingOfTheModel()
    {
        Assert.Equal("a/v1/model.forms.json", FormManifest.NameOf("a/v1/model.onnx"));
        Assert.Equal("a/v1/model.onnx", FormManifest.FileOf("a/v1/model.onnx", ModelForm.CpuFloat32));
        Assert.Equal("a/v1/model.cpu-int8.onnx", FormManifest.FileOf("a/v1/model.onnx", ModelForm.CpuInt8));
        Assert.Equal("plus-m_1.5x.gpu-fp16.onnx", FormManifest.FileOf("plus-m_1.5x.onnx", ModelForm.GpuFloat16));
    }

    [Fact]
    public void Version_OneForm_IsItsHashAndSeveralHaveAnother()
    {
        var one = FormPlanTests.Manifest(ModelForm.CpuFloat32);
        var two = FormPlanTests.Manifest(ModelForm.CpuFloat32, ModelForm.CpuInt8);
        var three = FormPlanTests.Manifest(ModelForm.CpuFloat32, ModelForm.CpuInt8, ModelForm.GpuFloat16);

        Assert.Equal(one.Primary.Sha256[..12], one.Version);
        Assert.Equal(3, new[] { one.Version, two.Version, three.Version }.Distinct().Count());
        Assert.Equal(12, three.Version.Length);
    }

    [Fact]
    public void Names_EachForm_IsFoundAgain() =>
        Assert.All(Enum.GetValues<ModelForm>(), form => Assert.Equal(form, FormNames.Find(FormNames.Of(form))));
}
