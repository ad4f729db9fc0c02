<?xml version="1.0" encoding="UTF-8"?>
<!-- Shows a define.xml 2.1 with analysis results metadata as one page, without script. -->
<xsl:stylesheet version="1.0"
  xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:odm="http://www.cdisc.org/ns/odm/v1.3"
  xmlns:def="http://www.cdisc.org/ns/def/v2.1"
  xmlns:arm="http://www.cdisc.org/ns/arm/v1.0"
  xmlns:xlink="http://www.w3.org/1999/xlink"
  exclude-result-prefixes="odm def arm xlink">
<xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>

<xsl:key name="item" match="odm:ItemDef" use="@OID"/>
<xsl:key name="group" match="odm:ItemGroupDef" use="@OID"/>
<xsl:key name="method" match="odm:MethodDef" use="@OID"/>
<xsl:key name="codes" match="odm:CodeList" use="@OID"/>
<xsl:key name="values" match="def:ValueListDef" use="@OID"/>
<xsl:key name="where" match="def:WhereClauseDef" use="@OID"/>
<xsl:key name="leaf" match="def:leaf" use="@ID"/>
<xsl:key name="standard" match="def:Standard" use="@OID"/>

<xsl:template match="/odm:ODM">
  <xsl:variable name="study" select="odm:Study"/>
  <xsl:variable name="version" select="$study/odm:MetaDataVersion"/>
  <html lang="en">
    <head>
      <meta charset="UTF-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <title><xsl:value-of select="$version/@Name"/></title>
      <style>
        body { font: 14px/1.45 Arial, Helvetica, sans-serif; color: #1c2430; margin: 0; }
        nav { position: fixed; inset: 0 auto 0 0; width: 200px; overflow: auto; padding: 16px;
              background: #f3f5f8; border-right: 1px solid #d5dae1; box-sizing: border-box; }
        nav a { display: block; padding: 3px 0; }
        nav a.within { padding-left: 14px; }
        main { margin-left: 200px; padding: 20px 28px 60px; }
        h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 34px 0 8px; }
        h3 { font-size: 14px; margin: 20px 0 6px; }
        a { color: #1c5d99; text-decoration: none; } a:hover { text-decoration: underline; }
        table { border-collapse: collapse; width: 100%; margin: 6px 0 4px; }
        caption { text-align: left; font-weight: bold; padding: 4px 0; }
        th, td { text-align: left; vertical-align: top; padding: 4px 8px;
                 border-bottom: 1px solid #dfe3e9; overflow-wrap: break-word; }
        th { background: #f3f5f8; border-top: 1px solid #9aa5b1; border-bottom: 1px solid #9aa5b1; }
        td.short { white-space: nowrap; } td.program { overflow-wrap: anywhere; min-width: 150px; }
        td.label { min-width: 190px; } td.codes { min-width: 110px; } td.text { min-width: 260px; }
        .note { color: #5a6673; }
        @media screen and (max-width: 800px) { nav { position: static; width: auto; border: 0; }
                                    main { margin: 0; padding: 16px; }
                                    table { display: block; overflow-x: auto; } }
        @media print { nav { display: none; } main { margin: 0; padding: 0; }
                       tr { break-inside: avoid; } h2, h3, caption { break-after: avoid; } }
      </style>
    </head>
    <body>
      <nav>
        <a href="#top"><xsl:value-of select="$study/odm:GlobalVariables/odm:StudyName"/></a>
        <a href="#datasets">Datasets</a>
        <xsl:for-each select="$version/odm:ItemGroupDef">
          <a class="within" href="#{@OID}"><xsl:value-of select="@Name"/></a>
        </xsl:for-each>
        <a href="#values">Value level</a>
        <a href="#codes">Code lists</a>
        <a href="#methods">Methods</a>
        <xsl:if test="$version/arm:AnalysisResultDisplays">
          <a href="#results">Analysis results</a>
        </xsl:if>
        <xsl:for-each select="$version/def:SupplementalDoc/def:DocumentRef">
          <xsl:variable name="leaf" select="key('leaf', @leafID)"/>
          <a href="{$leaf/@xlink:href}"><xsl:value-of select="$leaf/def:title"/></a>
        </xsl:for-each>
      </nav>
      <main id="top">
        <h1><xsl:value-of select="$version/@Name"/></h1>
        <p><xsl:value-of select="$study/odm:GlobalVariables/odm:StudyDescription"/></p>
        <p class="note"><xsl:value-of select="$version/@Description"/></p>
        <table>
          <caption>Standards</caption>
          <xsl:for-each select="$version/def:Standards/def:Standard">
            <tr>
              <td><xsl:value-of select="concat(@Name, ' ', @PublishingSet)"/></td>
              <td><xsl:value-of select="@Type"/></td>
              <td><xsl:value-of select="concat(@Version, ' (', @Status, ')')"/></td>
            </tr>
          </xsl:for-each>
        </table>
        <xsl:apply-templates select="$version" mode="datasets"/>
        <xsl:apply-templates select="$version/odm:ItemGroupDef"/>
        <h2 id="values">Value level</h2>
        <xsl:apply-templates select="$version/def:ValueListDef"/>
        <h2 id="codes">Code lists</h2>
        <xsl:apply-templates select="$version/odm:CodeList"/>
        <h2 id="methods">Methods</h2>
        <table>
          <tr><th>Method</th><th>Description</th></tr>
          <xsl:for-each select="$version/odm:MethodDef">
            <tr id="{@OID}">
              <td><xsl:value-of select="@Name"/></td>
              <td><xsl:value-of select="odm:Description/odm:TranslatedText"/></td>
            </tr>
          </xsl:for-each>
        </table>
        <xsl:apply-templates select="$version/arm:AnalysisResultDisplays"/>
      </main>
    </body>
  </html>
</xsl:template>

<xsl:template match="odm:MetaDataVersion" mode="datasets">
  <h2 id="datasets">Datasets</h2>
  <table>
    <tr>
      <th>Dataset</th><th>Description</th><th>Class</th><th>Structure</th><th>Keys</th><th>File</th>
    </tr>
    <xsl:for-each select="odm:ItemGroupDef">
      <tr>
        <td class="short"><a href="#{@OID}"><xsl:value-of select="@Name"/></a></td>
        <td><xsl:value-of select="odm:Description/odm:TranslatedText"/></td>
        <td>
          <xsl:value-of select="def:Class/@Name"/>
          <xsl:for-each select="def:Class/def:SubClass">
            <br/><xsl:value-of select="@Name"/>
          </xsl:for-each>
        </td>
        <td><xsl:value-of select="@def:Structure"/></td>
        <td>
          <xsl:for-each select="odm:ItemRef[@KeySequence]">
            <xsl:sort select="@KeySequence" data-type="number"/>
            <xsl:if test="position() > 1">, </xsl:if>
            <xsl:value-of select="key('item', @ItemOID)/@Name"/>
          </xsl:for-each>
        </td>
        <td class="short">
          <a href="{def:leaf/@xlink:href}"><xsl:value-of select="def:leaf/def:title"/></a>
        </td>
      </tr>
    </xsl:for-each>
  </table>
</xsl:template>

<xsl:template match="odm:ItemGroupDef">
  <h2 id="{@OID}">
    <xsl:value-of select="concat(@Name, ': ', odm:Description/odm:TranslatedText)"/>
  </h2>
  <table>
    <tr>
      <th>Variable</th><th>Label</th><th>Type</th><th>Length or format</th><th>Key</th>
      <th>Codes</th><th>Origin and derivation</th>
    </tr>
    <xsl:apply-templates select="odm:ItemRef"/>
  </table>
</xsl:template>

<xsl:template match="odm:ItemGroupDef/odm:ItemRef">
  <xsl:variable name="item" select="key('item', @ItemOID)"/>
  <tr id="{@ItemOID}">
    <td class="short">
      <xsl:value-of select="$item/@Name"/>
      <xsl:if test="$item/def:ValueListRef">
        <xsl:text> </xsl:text><a href="#{$item/def:ValueListRef/@ValueListOID}">values</a>
      </xsl:if>
    </td>
    <td class="label"><xsl:value-of select="$item/odm:Description/odm:TranslatedText"/></td>
    <td class="short"><xsl:value-of select="$item/@DataType"/></td>
    <td class="short">
      <xsl:value-of select="$item/@Length"/>
      <xsl:if test="$item/@SignificantDigits">.<xsl:value-of select="$item/@SignificantDigits"/></xsl:if>
      <xsl:if test="$item/@def:DisplayFormat">, <xsl:value-of select="$item/@def:DisplayFormat"/></xsl:if>
    </td>
    <td><xsl:value-of select="@KeySequence"/></td>
    <td class="codes"><xsl:apply-templates select="$item/odm:CodeListRef"/></td>
    <td class="text"><xsl:call-template name="origin"><xsl:with-param name="item" select="$item"/></xsl:call-template></td>
  </tr>
</xsl:template>

<xsl:template match="odm:CodeListRef">
  <xsl:variable name="list" select="key('codes', @CodeListOID)"/>
  <a href="#{@CodeListOID}">
    <xsl:choose>
      <xsl:when test="count($list/*[@CodedValue]) &lt; 6">
        <xsl:for-each select="$list/*[@CodedValue]">
          <xsl:if test="position() > 1">, </xsl:if><xsl:value-of select="@CodedValue"/>
        </xsl:for-each>
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="$list/@Name"/></xsl:otherwise>
    </xsl:choose>
  </a>
</xsl:template>

<xsl:template name="origin">
  <xsl:param name="item"/>
  <span class="note">
    <xsl:choose>
      <xsl:when test="@MethodOID">
        <a href="#{@MethodOID}"><xsl:value-of select="$item/def:Origin/@Type"/></a>
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="$item/def:Origin/@Type"/></xsl:otherwise>
    </xsl:choose>
  </span>
  <xsl:if test="$item/def:Origin/odm:Description">
    <xsl:text>: </xsl:text><xsl:value-of select="$item/def:Origin/odm:Description/odm:TranslatedText"/>
  </xsl:if>
  <xsl:if test="@MethodOID">
    <br/>
    <xsl:value-of select="key('method', @MethodOID)/odm:Description/odm:TranslatedText"/>
  </xsl:if>
</xsl:template>

<xsl:template match="def:ValueListDef">
  <table id="{@OID}">
    <caption><xsl:value-of select="substring-after(@OID, 'VL.')"/></caption>
    <tr><th>Where</th><th>Type</th><th>Length</th><th>Origin and derivation</th></tr>
    <xsl:for-each select="odm:ItemRef">
      <xsl:variable name="item" select="key('item', @ItemOID)"/>
      <tr>
        <td class="short">
          <xsl:apply-templates select="key('where', def:WhereClauseRef/@WhereClauseOID)"/>
        </td>
        <td class="short"><xsl:value-of select="$item/@DataType"/></td>
        <td class="short"><xsl:value-of select="$item/@Length"/></td>
        <td><xsl:call-template name="origin"><xsl:with-param name="item" select="$item"/></xsl:call-template></td>
      </tr>
    </xsl:for-each>
  </table>
</xsl:template>

<xsl:template match="def:WhereClauseDef">
  <xsl:for-each select="odm:RangeCheck">
    <xsl:if test="position() > 1"> and </xsl:if>
    <xsl:value-of select="concat(key('item', @def:ItemOID)/@Name, ' ', @Comparator, ' ', odm:CheckValue)"/>
  </xsl:for-each>
</xsl:template>

<xsl:template match="odm:CodeList">
  <table id="{@OID}">
    <caption>
      <xsl:value-of select="@Name"/>
      <xsl:if test="odm:Alias">
        <span class="note"><xsl:value-of select="concat(' (', odm:Alias/@Name, ', ',
          key('standard', @def:StandardOID)/@Name, ' ', key('standard', @def:StandardOID)/@Version, ')')"/></span>
      </xsl:if>
    </caption>
    <xsl:for-each select="*[@CodedValue]">
      <tr>
        <td><xsl:value-of select="@CodedValue"/></td>
        <td><xsl:value-of select="odm:Decode/odm:TranslatedText"/></td>
        <td class="short note"><xsl:value-of select="odm:Alias/@Name"/></td>
      </tr>
    </xsl:for-each>
  </table>
</xsl:template>

<xsl:template match="arm:AnalysisResultDisplays">
  <h2 id="results">Analysis results</h2>
  <xsl:for-each select="arm:ResultDisplay">
    <xsl:variable name="leaf" select="key('leaf', def:DocumentRef/@leafID)"/>
    <h3 id="{@OID}">
      <a href="{$leaf/@xlink:href}"><xsl:value-of select="@Name"/></a>
      <xsl:value-of select="concat(': ', odm:Description/odm:TranslatedText)"/>
    </h3>
    <table>
      <tr>
        <th>Result</th><th>Reason and purpose</th><th>Datasets and variables</th>
        <th>Documentation</th><th>Program</th>
      </tr>
      <xsl:for-each select="arm:AnalysisResult">
        <tr>
          <td><xsl:value-of select="odm:Description/odm:TranslatedText"/></td>
          <td>
            <xsl:value-of select="@AnalysisReason"/><br/><xsl:value-of select="@AnalysisPurpose"/>
          </td>
          <td>
            <xsl:for-each select="arm:AnalysisDatasets/arm:AnalysisDataset">
              <a href="#{@ItemGroupOID}"><xsl:value-of select="key('group', @ItemGroupOID)/@Name"/></a>
              <xsl:if test="def:WhereClauseRef">
                <xsl:text> where </xsl:text>
                <xsl:apply-templates select="key('where', def:WhereClauseRef/@WhereClauseOID)"/>
              </xsl:if>
              <xsl:text>: </xsl:text>
              <xsl:for-each select="arm:AnalysisVariable">
                <xsl:if test="position() > 1">, </xsl:if>
                <xsl:value-of select="key('item', @ItemOID)/@Name"/>
              </xsl:for-each>
              <br/>
            </xsl:for-each>
          </td>
          <td class="text"><xsl:value-of select="arm:Documentation/odm:Description/odm:TranslatedText"/></td>
          <td class="program">
            <xsl:value-of select="arm:ProgrammingCode/@Context"/><br/>
            <xsl:value-of select="arm:ProgrammingCode/arm:Code"/>
          </td>
        </tr>
      </xsl:for-each>
    </table>
  </xsl:for-each>
</xsl:template>
</xsl:stylesheet>
